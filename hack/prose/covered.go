package main

// covered lists the files and folders that are checked. It only grows.
func covered() []string {
	return []string{
		"CHANGELOG.md",
		"CODE_OF_CONDUCT.md",
		"CONTRIBUTING.md",
		"README.md",
		"SECURITY.md",
		"docs/README.md",
		"docs/adr/0016-test-modules.md",
		"docs/architecture.md",
		"docs/callbacks.md",
		"docs/conformance.md",
		"docs/field-reports.md",
		"docs/glossary.md",
		"docs/guarantees.md",
		"docs/guides",
		"docs/migrating-from-controller-runtime.md",
		"docs/migrating-from-pepr.md",
		"docs/operations.md",
		"docs/performance.md",
		"docs/releases.md",
		"docs/streams.md",
		"docs/testing.md",
		"docs/troubleshooting.md",
		"docs/tutorial.md",
		"docs/when-not-to-use.md",
	}
}
