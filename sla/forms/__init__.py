"""The forms of service levels: fields in, documents out."""
