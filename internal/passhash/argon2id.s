// Without a file in assembly, the compiler takes no functions without bodies.
