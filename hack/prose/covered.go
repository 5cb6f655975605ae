package main

// covered lists the files and folders that are checked. It only grows.
func covered() []string {
	return []string{
		"CHANGELOG.md",
		"CODE_OF_CONDUCT.md",
		"CONTRIBUTING.md",
		"README.md",
		"SECURITY.md",
		"ancho.go",
		"docs",
		"internal",
		"pkg",
	}
}
