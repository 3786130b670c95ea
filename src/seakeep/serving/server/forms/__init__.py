"""The forms of a body: one file each, found by its name. See `seakeep.serving.server.form` for what each offers."""
