"""What follows the four logs and keeps them."""
