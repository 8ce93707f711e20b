"""Who may come in: people, their browsers, programs, proxies, and holders of a link."""
