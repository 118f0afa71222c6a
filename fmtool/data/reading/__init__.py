"""Files of a user's own: arrays, pictures, tables and texts, with what is wrong in them by name."""
