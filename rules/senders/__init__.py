"""What is known of senders: how they sign, what their fields mean, and when they ought to have spoken."""
