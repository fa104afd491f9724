"""A shop, a back office and a subscriber, as strangers would write them: public HTTP APIs, mails, events."""
