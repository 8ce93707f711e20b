"""YAML of people's making is read: values are checked, and every complaint has its place."""
