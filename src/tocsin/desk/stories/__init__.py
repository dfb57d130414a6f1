"""Stories: what several documents make together: copies, events, origins, summary, timeline, answers."""
