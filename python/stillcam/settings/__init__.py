"""The settings of the owner, and the table of libcamera's controls.

Reading order: `schema` (the table of settings), `value_checks`, `receivers` and `zones` (rows of two of its lists),
`controls` (the table of controls), `control_values` and `document` (validation), `file` (data/settings.json, and the
settings in force), `backups`; of cameras: `capabilities`, `geometry` (sensor modes, sizes, crops), `tuning_files`,
`encoder` (limits of the H.264 encoder).
"""
