"""What TensorFlow Extended's files hold, told in Seakeep's nouns, and back; see `integrations.tfx`, the door to it."""
