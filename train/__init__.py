"""From a folder of packed tokens to the verdict over mixtures; imports nothing of ours outside this package."""
