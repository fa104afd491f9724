"""A stranger who follows the events. It knows the published contract and nothing else of Countersign."""
