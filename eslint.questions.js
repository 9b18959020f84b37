/*
 * A getter, and a function that is named as a question (`isClosed`, `hasRoom()`, `mayStart`), changes nothing: asked twice it gives the same
 * answer. Changes are: an assignment to a property, a call of a method that changes a collection, and a call of a function that is named as
 * a command. This rule does not see an assignment to a variable, since most variables are the function's own.
 */
const message = 'A question changes nothing: name this as a command, or move the change out of it.';
const question = '/^(is|has|can|may|are)[A-Z]/';
const questions = [
  ':matches(MethodDefinition, Property)[kind="get"]',
  `:matches(MethodDefinition[kind="method"], Property, PropertyDefinition)[key.name=${question}]`,
  `FunctionDeclaration[id.name=${question}]`,
  `VariableDeclarator[id.name=${question}] > :matches(ArrowFunctionExpression, FunctionExpression)`,
];
const command = '/^(abort|add|cancel|clear|close|count|delete|drop|end|enter|forget|keep|mark|pop|post|push|refuse|reject|release|remember|remove|replace|reset|resolve|resume|schedule|send|set|shift|splice|start|stop|take|tell|unshift|warn|write)([A-Z]|$)/';
const changes = [
  // `??=` makes a value on the first use, and the value is the same each time.
  'AssignmentExpression[operator!="??="] > MemberExpression.left',
  'UpdateExpression > MemberExpression.argument',
  'UnaryExpression[operator="delete"]',
  `CallExpression > MemberExpression.callee[property.name=${command}]`,
  `CallExpression[callee.name=${command}]`,
];

export const questionSyntax = questions.flatMap((place) => changes.map((change) => ({ selector: `${place} ${change}`, message })));
