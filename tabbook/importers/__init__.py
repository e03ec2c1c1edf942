"""Ways in from books made with other tools: what they share. Each is a plugin, see docs/importing.md."""
