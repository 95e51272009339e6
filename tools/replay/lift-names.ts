/** Finds the lift of a program that a log calls by the name of an exercise. */

/** What else lifts are called, as slugs; the same movement with a load of the same scale, and no other. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  squat: ['back-squat', 'low-bar-squat', 'high-bar-squat'],
  'bench-press': ['bench', 'flat-bench-press'],
  'overhead-press': ['press', 'military-press', 'strict-military-press', 'shoulder-press-barbell'],
  deadlift: ['conventional-deadlift'],
  'barbell-row': ['bent-over-row', 'pendlay-row'],
  'incline-bench-press': ['incline-press'],
  'power-clean': ['clean'],
  'lat-pulldown': ['lat-pulldown-cable', 'lat-pulldown-machine'],
  'seated-row': ['seated-row-cable', 'seated-row-machine', 'seated-cable-row'],
  'biceps-curl': ['bicep-curl-dumbbell', 'biceps-curl-dumbbell'],
  'incline-dumbbell-press': ['incline-bench-press-dumbbell'],
  'triceps-pushdown': ['triceps-pushdown-cable-straight-bar', 'triceps-pushdown-cable'],
  'romanian-deadlift': ['rdl'],
  'leg-curl': ['lying-leg-curl-machine', 'seated-leg-curl-machine', 'lying-leg-curl', 'seated-leg-curl'],
  'calf-raise': ['standing-calf-raise-machine', 'standing-calf-raise'],
  'dumbbell-row-t3': ['bent-over-one-arm-row-dumbbell', 'dumbbell-row'],
  'lat-pulldown-t3': ['lat-pulldown-cable', 'lat-pulldown-machine', 'lat-pulldown'],
};

/**
 * The slug, among those of the program's lifts, that an exercise goes by; undefined when the program does not train
 * it. A name without an implement means the barbell: `Squat (Barbell)` is `squat`, `Squat (Smith Machine)` is not.
 */
export function liftOfExercise(exercise: string, liftSlugs: Iterable<string>): string | undefined {
  const name = slugOf(exercise);
  const names = [name, name.replace(/-barbell$/, '')];
  const slugs = [...liftSlugs];
  return (
    slugs.find((slug) => names.includes(slug)) ??
    slugs.find((slug) => OTHER_NAMES[slug]?.some((other) => names.includes(other)))
  );
}

function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
