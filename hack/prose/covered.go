package main

// covered lists the files and folders that are checked. It only grows.
func covered() []string {
	return []string{
		"README.md",
		"docs/README.md",
		"docs/guides",
	}
}
