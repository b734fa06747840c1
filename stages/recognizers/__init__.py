"""Rules that recognize personal data and secrets in text, and the recognizers of others."""
