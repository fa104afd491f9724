"""The published language of Countersign, by owning service. Imports nothing of ours; all of ours may import it."""
