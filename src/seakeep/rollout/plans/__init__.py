"""Plans of rollouts. One file each; the file name is the public name, and `Settings` what can be set beside the rules."""
