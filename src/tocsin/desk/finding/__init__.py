"""Finding: what one text holds: its language, sentences, words, places, organisations, topics, indicators."""
