"""Alerts, the incidents they are in, and their course: loaded, decided upon elsewhere, written back."""
