"""What migrations stand on: revisions, indexes made while others write, and filling portion by portion."""
