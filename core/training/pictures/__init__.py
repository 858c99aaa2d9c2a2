"""What a network predicts while it learns, as pictures: which there are, and when one is taken."""
