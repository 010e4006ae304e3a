"""What every page shares: who asks, may they, in which language, with which headers, and what if it fails."""
