// Package hostile tests whole programs against servers and proxies that answer what no API server should.
package hostile
