"""From syntax trees to typed expressions: what the names mean, which shapes they have, and the nodes."""
