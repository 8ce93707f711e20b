"""What pages and programs read: lists, their views, and who looks at what."""
