"""The page that a person looks at: its files, its routes and the HTTP API behind it."""
