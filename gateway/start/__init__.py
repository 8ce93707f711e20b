"""Starting: the commands of `./nabat`, the processes they run, and what holds these together."""
