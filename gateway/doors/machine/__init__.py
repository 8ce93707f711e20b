"""HTTP for programs under /api/v1: tokens and their scopes, what can be asked, what can be done."""
