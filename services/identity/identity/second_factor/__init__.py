"""A second factor beside the password: time-based codes (RFC 6238) and recovery codes (ID-23)."""
