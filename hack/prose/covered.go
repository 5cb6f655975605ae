package main

// covered lists the files and folders that are checked. It only grows.
func covered() []string {
	return []string{
		"CODE_OF_CONDUCT.md",
		"README.md",
		"SECURITY.md",
		"docs/README.md",
		"docs/architecture.md",
		"docs/adr/0016-test-modules.md",
		"docs/callbacks.md",
		"docs/glossary.md",
		"docs/guarantees.md",
		"docs/guides",
		"docs/operations.md",
		"docs/releases.md",
		"docs/streams.md",
		"docs/testing.md",
		"docs/troubleshooting.md",
		"docs/tutorial.md",
		"docs/when-not-to-use.md",
	}
}
