"""Words for people: texts from strangers made safe, durations and reasons as they are said."""
