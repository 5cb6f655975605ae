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
		"internal/declare",
		"pkg/anchotest",
		"pkg/capability",
		"pkg/kind",
		"pkg/queue",
		"pkg/recording",
		"pkg/runtime/*.go",
		"pkg/watcher/*.go",
		"pkg/watcher/conformance",
		"pkg/watcher/fake",
	}
}
