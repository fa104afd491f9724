"""What a mail is: its text in five languages, its form, and how it is handed to the mail server."""
