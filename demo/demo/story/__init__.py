"""The story, a file per part: what a shop and a back office do, through public APIs only."""
