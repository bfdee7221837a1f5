"""What the business and the environment say: rules, channels, roster, settings."""
