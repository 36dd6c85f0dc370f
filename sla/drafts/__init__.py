"""Changes of service levels: proposed, compared, previewed, activated as versions, taken in and out as YAML."""
