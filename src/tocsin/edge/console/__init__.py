"""Console: the pages in which people of this house work. Gives: pages and their JSON twins. Never: shows what a role may not see."""
