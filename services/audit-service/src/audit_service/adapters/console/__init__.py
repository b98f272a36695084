"""The console: pages made on the server, nothing to install, nothing fetched from elsewhere, no script."""
