// Package tutorial holds docs/tutorial.md to the code: its test does what a reader of the page does, from top to bottom.
//
//   - A block of Go or YAML below a line that ends in "`path`:" becomes that file. A block of Go without a package clause
//     replaces the functions that it declares, or adds them.
//   - A block of sh runs, and must succeed. Each continues in the folder and with the environment of the one before. Below the
//     comment "background NAME" it is started and left running, until the comment "stop NAME" interrupts it.
//   - A block of text is what the commands above it print. A line "..." stands for any lines, and durations are not compared.
//     Below the comment "log NAME" its lines are waited for in the log of a running program.
//
// Two things differ from what the reader does: Ancho comes from this checkout, with its versions of all modules, and programs
// listen on ports that are free.
package tutorial
