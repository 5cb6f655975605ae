package below

func F() {}
