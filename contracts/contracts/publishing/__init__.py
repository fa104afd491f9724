"""The public form of the contract: JSON Schemas, the AsyncAPI document, examples, and what may not change in them."""
