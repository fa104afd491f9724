"""What the merchant of the story sells, and at which prices."""
