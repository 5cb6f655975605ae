package testdata

func F() {}
