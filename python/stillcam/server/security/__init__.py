"""Who may do what: hosts, origins, access, cookies, headers."""
