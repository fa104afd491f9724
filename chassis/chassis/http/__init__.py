"""HTTP conventions: problem+json, idempotency keys, versions, cursors, tokens; one place each."""
