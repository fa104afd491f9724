"""Who may buy: companies, contacts, members, applications, invitations, sign-in."""
