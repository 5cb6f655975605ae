package nested

func F() {}
