package main

// covered lists the files and folders that are checked. It only grows.
func covered() []string {
	return []string{
		"README.md",
		"docs/README.md",
		"docs/callbacks.md",
		"docs/guides",
		"docs/adr/0016-test-modules.md",
		"docs/releases.md",
		"docs/tutorial.md",
		"CODE_OF_CONDUCT.md",
		"SECURITY.md",
		"docs/operations.md",
		"docs/streams.md",
		"docs/testing.md",
		"docs/troubleshooting.md",
	}
}
