"""Events, and the programs that are notified of them: webhooks and the owner's command."""
