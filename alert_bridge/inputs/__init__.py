"""What comes in, parsed into observations: one file a dialect. One bad alert never costs the others."""
